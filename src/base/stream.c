/* Philox4x32-10, and what is made of its bits.
 *
 * Counter: (block of two numbers, particle, step, purpose); key: the seed. */
#include "base/stream.h"

#include <math.h>

void rg_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t random[4]) {
    const uint32_t multiplier[2] = {0xD2511F53, 0xCD9E8D57}, weyl[2] = {0x9E3779B9, 0xBB67AE85};
    enum { ROUNDS = 10 };
    uint32_t c[4] = {counter[0], counter[1], counter[2], counter[3]}, k[2] = {key[0], key[1]};
    for (int round = 0; round < ROUNDS; round++) {
        const uint64_t a = (uint64_t)multiplier[0] * c[0], b = (uint64_t)multiplier[1] * c[2];
        const uint32_t next[4] = {(uint32_t)(b >> 32) ^ c[1] ^ k[0], (uint32_t)b, (uint32_t)(a >> 32) ^ c[3] ^ k[1],
                                  (uint32_t)a};
        for (int i = 0; i < 4; i++) c[i] = next[i];
        k[0] += weyl[0];
        k[1] += weyl[1];
    }
    for (int i = 0; i < 4; i++) random[i] = c[i];
}

/* Two numbers in [0, 1) from the stream's block. */
static void pair_of(const rg_stream *s, size_t block, double u[2]) {
    const uint32_t counter[4] = {(uint32_t)block, s->item, s->step, s->purpose},
                   key[2] = {(uint32_t)s->seed, (uint32_t)(s->seed >> 32)};
    const double unit = 0x1p-53;
    uint32_t bits[4];
    rg_philox(counter, key, bits);
    for (int i = 0; i < 2; i++)
        u[i] = (double)(((uint64_t)bits[2 * i] << 21) ^ ((uint64_t)bits[2 * i + 1] >> 11)) * unit;
}

void rg_stream_uniform(const rg_stream *stream, size_t count, double *out) {
    for (size_t i = 0; i < count; i += 2) {
        double u[2];
        pair_of(stream, i / 2, u);
        out[i] = u[0];
        if (i + 1 < count) out[i + 1] = u[1];
    }
}

void rg_stream_normal(const rg_stream *stream, size_t count, double *out) {
    for (size_t i = 0; i < count; i += 2) {
        double u[2];
        pair_of(stream, i / 2, u);
        const double radius = sqrt(-2 * log(1 - u[0])), angle = 6.283185307179586 * u[1]; /* 1 - u is never 0 */
        out[i] = radius * cos(angle);
        if (i + 1 < count) out[i + 1] = radius * sin(angle);
    }
}
