#include "digests.h"

#include <string.h>

// Each step waits for the one before it, so what matters is how few instructions lie between two of them. Left alone,
// the compiler adds the constant last, and joins the two halves of the second function by an instruction of its own:
// a quarter more time. HOLD has it finish a sum first.
#define HOLD(value) __asm__("" : "+r"(value))

#define STEP(a, b, word, sine, shift, add_function)                  \
    {                                                                \
        uint32_t sum = a + words[(word) & 15] + sine;                \
        HOLD(sum);                                                   \
        add_function;                                                \
        a = (sum << shift | sum >> (32 - shift)) + b;                \
    }

#define F(b, c, d) sum += d ^ (b & (c ^ d))
#define G(b, c, d) sum += c & ~d; HOLD(sum); sum += b & d
#define H(b, c, d) sum += b ^ (c ^ d)
#define I(b, c, d) sum += c ^ (b | ~d)

// Four steps of a round, from a word on.
#define FIRST(i, k0, k1, k2, k3)           \
    STEP(a, b, i, k0, 7, F(b, c, d))       \
    STEP(d, a, i + 1, k1, 12, F(a, b, c))  \
    STEP(c, d, i + 2, k2, 17, F(d, a, b))  \
    STEP(b, c, i + 3, k3, 22, F(c, d, a))
#define SECOND(i, k0, k1, k2, k3)          \
    STEP(a, b, i, k0, 5, G(b, c, d))       \
    STEP(d, a, i + 5, k1, 9, G(a, b, c))   \
    STEP(c, d, i + 10, k2, 14, G(d, a, b)) \
    STEP(b, c, i + 15, k3, 20, G(c, d, a))
#define THIRD(i, k0, k1, k2, k3)           \
    STEP(a, b, i, k0, 4, H(b, c, d))       \
    STEP(d, a, i + 3, k1, 11, H(a, b, c))  \
    STEP(c, d, i + 6, k2, 16, H(d, a, b))  \
    STEP(b, c, i + 9, k3, 23, H(c, d, a))
#define FOURTH(i, k0, k1, k2, k3)          \
    STEP(a, b, i, k0, 6, I(b, c, d))       \
    STEP(d, a, i + 7, k1, 10, I(a, b, c))  \
    STEP(c, d, i + 14, k2, 15, I(d, a, b)) \
    STEP(b, c, i + 21, k3, 21, I(c, d, a))

void md5_mix(uint32_t state[4], const void *blocks, size_t count) {
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    for (const char *block = blocks; count > 0; count--, block += 64) {
        uint32_t words[16];
        memcpy(words, block, sizeof words);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        for (int i = 0; i < 16; i++) words[i] = __builtin_bswap32(words[i]);
#endif
        uint32_t a0 = a, b0 = b, c0 = c, d0 = d;
        FIRST(0, 0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee)
        FIRST(4, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501)
        FIRST(8, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be)
        FIRST(12, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821)
        SECOND(1, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa)
        SECOND(5, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8)
        SECOND(9, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed)
        SECOND(13, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a)
        THIRD(5, 0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c)
        THIRD(1, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70)
        THIRD(13, 0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05)
        THIRD(9, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665)
        FOURTH(0, 0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039)
        FOURTH(12, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1)
        FOURTH(8, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1)
        FOURTH(4, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391)
        a += a0;
        b += b0;
        c += c0;
        d += d0;
    }
    state[0] = a;
    state[1] = b;
    state[2] = c;
    state[3] = d;
}
