// The frame as rectify samples it: averaged over cells, and those over their neighbours.
#pragma once
#include <memory>

#include "bands.h"
#include "plan.h"
#include "stages.h"

namespace edgegeo {

// Of cells of so many pixels.
Mean mean_of(std::size_t pixels) noexcept;

struct Plane {
  const std::uint16_t* data;
  std::size_t stride;  // values from row to row
};

// The region's cells, 3 values each, with one column and one row of padding behind. The last cell
// of a row or column of the frame may be cut by its edge: it averages what there is. Beyond the
// frame, and beyond the region, lies a copy of the nearest cell.
class AveragedFrame {
 public:
  AveragedFrame(Frame frame, Region region, Grain grain, const Stages& stages, Pool* pool);

  Plane plane() const noexcept { return {values_.get(), stride_}; }
  const Region& region() const noexcept { return region_; }

 private:
  void fill(Frame frame, Grain grain, const Stages& stages, std::size_t first, std::size_t stop);

  Region region_;
  std::size_t stride_;
  std::unique_ptr<std::uint16_t[]> values_;
};

}  // namespace edgegeo
