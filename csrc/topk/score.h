// Inner products of up to `query_block` queries with a block of gallery rows, per target.
//
//   queries (q, d) f32, 1 <= q <= query_block      rows n pointers to d      scores (q, n) f32 out
//
// Several queries share one read (and one conversion) of a row: the rotated copies of a frame
// are searched together.
#pragma once
#include "../cpu.h"
#include "../view.h"

namespace edgegeo {

inline constexpr std::size_t query_block = 8;

template <class Row>
using ScoreBlock = void (*)(const float* queries, std::size_t q, const Row* const* rows,
                            std::size_t n, std::size_t d, float* scores) noexcept;

template <class Row>
ScoreBlock<Row> score_for(Target target) noexcept;

template <class Row>
void score_scalar(const float* queries, std::size_t q, const Row* const* rows, std::size_t n,
                  std::size_t d, float* scores) noexcept;

template <class Row>
void score_avx2(const float* queries, std::size_t q, const Row* const* rows, std::size_t n,
                std::size_t d, float* scores) noexcept;

template <class Row>
void score_avx512(const float* queries, std::size_t q, const Row* const* rows, std::size_t n,
                  std::size_t d, float* scores) noexcept;

template <class Row>
void score_neon(const float* queries, std::size_t q, const Row* const* rows, std::size_t n,
                std::size_t d, float* scores) noexcept;

}  // namespace edgegeo
