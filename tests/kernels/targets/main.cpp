// Every instruction set that runs here beside scalar, function by function, without Python: so
// it is cross-compiled and emulated too. tests/kernels/test_*.py hold scalar against NumPy.
#include "tests.h"

int main() {
  using namespace edgegeo;
  const struct {
    const char* name;
    void (*run)(const Functions&, Tally&);
  } tests[] = {{"topk", test_topk},
               {"search", test_search},
               {"rectify", test_rectify},
               {"pairs", test_pairs},
               {"relate", test_relate}};

  bool compared = false, passed = true;
  for (const Functions& fast : runnable()) {
    if (fast.target == Target::scalar) continue;
    compared = true;
    for (const auto& test : tests) {
      std::printf("%s %s\n", name(fast.target).data(), test.name);
      std::fflush(stdout);  // a crash comes without a name
      Tally tally;
      test.run(fast, tally);
      tally.print();
      passed = passed && tally.passed();
    }
  }
  if (!compared) std::puts("only scalar runs here: nothing was compared");
  return compared && passed ? 0 : 1;
}
