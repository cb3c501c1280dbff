// MD5 (RFC 1321) and SHA-256 (FIPS 180-4), one block after the other. Padding is the caller's: target Digests.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// Mixes whole blocks of 64 bytes into the four words of a state.
void md5_mix(uint32_t state[4], const void *blocks, size_t count);

/// Mixes whole blocks of 64 bytes into the eight words of a state.
void sha256_mix(uint32_t state[8], const void *blocks, size_t count);
