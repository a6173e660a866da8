/* Line integral convolution of a periodic vector field. Internal. */
#ifndef RG_FIGURE_LIC_H
#define RG_FIGURE_LIC_H

#include <rotgrad/status.h>

typedef struct rg_lic {
    ptrdiff_t shape[2];
    const double *vector; /* (2, shape[0], shape[1]) */
    double aspect;        /* pixels of a unit upwards over pixels of a unit across, positive and finite */
    int width, height;    /* of the image, which shows one period */
    int grain;            /* pixels that one grain of the noise is wide, at least 1 */
} rg_lic;

/* width * height values, row by row from the top, of mean 0 and deviation 1; NaN where the nearest point has no finite
 * vector or 0. Close to a normal distribution. The bits do not depend on the number of threads.
 * RG_ENOMEM: the image is then untouched. */
rg_status rg_lic_convolve(const rg_lic *lic, float *image, rg_diagnostic *diagnostic) RG_MUST_CHECK;

#endif
