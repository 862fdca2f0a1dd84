// Integer inner products of up to `dot_queries` int8 queries with a block of int8 rows, per
// target.
//
//   queries (q, d) i8, 1 <= q <= dot_queries      rows n pointers to d i8      dots (q, n) i32 out
//
// Exact for every int8 value, -128 on either side included: products are of 16 bits and sums of
// 32, which hold |dot| <= d * 2^14 where d <= dot_widest. So all targets give the same.
#pragma once
#include "../cpu.h"
#include "../view.h"

namespace edgegeo {

inline constexpr std::size_t dot_queries = 32;  // what is packed for one is packed for all
inline constexpr std::size_t dot_widest = (std::size_t{1} << 17) - 1;

using DotBlock = void (*)(const std::int8_t* queries, std::size_t q, const std::int8_t* const* rows,
                          std::size_t n, std::size_t d, std::int32_t* dots) noexcept;

DotBlock dot_for(Target target) noexcept;

void dot_scalar(const std::int8_t* queries, std::size_t q, const std::int8_t* const* rows,
                std::size_t n, std::size_t d, std::int32_t* dots) noexcept;

void dot_avx2(const std::int8_t* queries, std::size_t q, const std::int8_t* const* rows,
              std::size_t n, std::size_t d, std::int32_t* dots) noexcept;

void dot_avxvnni(const std::int8_t* queries, std::size_t q, const std::int8_t* const* rows,
                 std::size_t n, std::size_t d, std::int32_t* dots) noexcept;

void dot_avx512(const std::int8_t* queries, std::size_t q, const std::int8_t* const* rows,
                std::size_t n, std::size_t d, std::int32_t* dots) noexcept;

void dot_vnni(const std::int8_t* queries, std::size_t q, const std::int8_t* const* rows,
              std::size_t n, std::size_t d, std::int32_t* dots) noexcept;

void dot_neon(const std::int8_t* queries, std::size_t q, const std::int8_t* const* rows,
              std::size_t n, std::size_t d, std::int32_t* dots) noexcept;

void dot_dotprod(const std::int8_t* queries, std::size_t q, const std::int8_t* const* rows,
                 std::size_t n, std::size_t d, std::int32_t* dots) noexcept;

}  // namespace edgegeo
