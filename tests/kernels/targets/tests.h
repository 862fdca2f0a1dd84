// One test a kernel: its functions on one instruction set beside the scalar ones.
#pragma once
#include "functions.h"
#include "tally.h"

namespace edgegeo {

void test_topk(const Functions& fast, Tally& tally);
void test_search(const Functions& fast, Tally& tally);
void test_rectify(const Functions& fast, Tally& tally);
void test_averaged_frame(const Functions& fast, Tally& tally);  // a part of rectify
void test_pairs(const Functions& fast, Tally& tally);
void test_relate(const Functions& fast, Tally& tally);

}  // namespace edgegeo
