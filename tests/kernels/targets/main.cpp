// Every instruction set that runs here beside scalar, function by function, without Python: so
// it is cross-compiled and emulated too. tests/kernels/test_*.py hold scalar against NumPy.
//
//   test_targets                     all of them
//   test_targets TARGET [TEST...]    that one, which has to be the best that runs here; some tests
#include <termios.h>
#include <unistd.h>

#include <algorithm>

#include "tests.h"

int main(int arguments, char** argument) {
  using namespace edgegeo;
  const std::string_view only = arguments > 1 ? argument[1] : "";
  const std::vector<std::string_view> some(argument + std::min(arguments, 2), argument + arguments);
  if (!only.empty() && only != name(best_target())) {
    std::printf("the best that runs here is %s\n", name(best_target()).data());
    return 1;
  }
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
    if (fast.target == Target::scalar || (!only.empty() && only != name(fast.target))) continue;
    for (const auto& test : tests) {
      const auto asked = std::find(some.begin(), some.end(), test.name);
      if (!some.empty() && asked == some.end()) continue;
      compared = true;
      std::printf("%s %s\n", name(fast.target).data(), test.name);
      std::fflush(stdout);  // a crash comes without a name
      Tally tally;
      test.run(fast, tally);
      tally.print();
      passed = passed && tally.passed();
    }
  }
  if (!compared) std::puts("nothing was compared: only scalar runs here, or no test has that name");
  std::fflush(stdout);
  tcdrain(STDOUT_FILENO);  // an emulated machine goes down with its only process
  return compared && passed ? 0 : 1;
}
