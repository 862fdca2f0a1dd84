"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const rows = [...document.querySelectorAll("#list tbody tr")];
  const plots = [...document.querySelectorAll(".plot svg")];
  const here = document.querySelector("#map .here");
  const reading = document.getElementById("reading");

  const nearest = (times, t) => {
    let low = 0, high = times.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (times[middle] < t) low = middle; else high = middle;
    }
    return Math.abs(times[low] - t) < Math.abs(times[high] - t) ? low : high;
  };

  const clock = (t) => `${Math.floor(t / 60)}:${(t % 60).toFixed(1).padStart(4, "0")}`;

  const goTo = (t) => {
    const x = (1000 * t) / data.end;
    document.querySelectorAll(".now").forEach((mark) => mark.setAttribute("d", `M${x} 0V100`));
    const point = data.track.points[nearest(data.track.seconds, t)];
    here.setAttribute("d", point ? `M${point[0]} ${point[1]}h0` : "");
    here.parentNode.appendChild(here); // drawn last: on top
    const state = data.states.filter((change) => change[0] <= t + 0.005).pop();
    const near = (times, k) => Math.abs(times[k] - t) <= Math.max(0.5, data.end / 750);
    const values = data.lines
      .map(([name, times, value]) => [name, times, value, nearest(times, t)])
      .filter(([, times, , k]) => near(times, k))
      .map(([name, , value, k]) => `${name} ${value[k]}`);
    reading.textContent = [clock(t), state ? state[1] : "", ...values].filter(Boolean).join("  ·  ");
  };

  document.addEventListener("picked", (event) => goTo(data.rows[Number(event.detail.dataset.row)]));
  plots.forEach((plot) => plot.addEventListener("click", (event) => {
    const frame = plot.getBoundingClientRect();
    const t = (data.end * (event.clientX - frame.left)) / frame.width;
    if (rows.length) {
      const row = rows[nearest(data.rows, t)];
      row.click();
      row.scrollIntoView({ block: "nearest" });
    }
    goTo(t);
  }));
})();
