/* A number and how far it may be off. */
#ifndef ROTGRAD_VALUE_H
#define ROTGRAD_VALUE_H

/* A number and its numerical uncertainty, same unit. value may be infinite (no such bound), then error is 0. */
typedef struct rg_value {
    double value, error;
} rg_value;

#endif
