/* Random numbers by counter: a number depends on seed, purpose, particle, step and component alone, so neither the number
 * of threads nor the order of the work can change it. Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random
 * numbers: as easy as 1, 2, 3", SC11. Internal. */
#ifndef RG_STREAM_H
#define RG_STREAM_H

#include <stddef.h>
#include <stdint.h>

/* Ten rounds of the bijection: `counter` and `key` to 128 random bits. */
void rg_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t random[4]);

/* One stream: the numbers of one particle in one step. */
typedef struct rg_stream {
    uint64_t seed;
    uint32_t purpose, step;
    uint32_t item; /* the particle */
} rg_stream;

/* `count` independent standard normal numbers (Box-Muller, 53 bits), or numbers uniform in [0, 1). */
void rg_stream_normal(const rg_stream *stream, size_t count, double *out);
void rg_stream_uniform(const rg_stream *stream, size_t count, double *out);

#endif
