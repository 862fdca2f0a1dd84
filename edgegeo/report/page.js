"use strict";
(() => {
  const map = document.getElementById("map");
  const rows = [...document.querySelectorAll("#list tbody tr")];
  const groups = new Map([...map.querySelectorAll("g.frame")].map((g) => [g.dataset.row, g]));
  const home = map.dataset.home.split(" ").map(Number);
  let box = home.slice();

  const show = () => {
    map.setAttribute("viewBox", box.join(" "));
    const px = map.clientWidth ? Math.max(box[2] / map.clientWidth, box[3] / map.clientHeight) : 1;
    map.style.fontSize = `${22 * px}px`; // crosses keep their size on the screen
    const bar = document.querySelector(".scale");
    const metres = Number(bar.dataset.metres);
    bar.firstElementChild.style.width = `${metres / px}px`;
    bar.lastElementChild.textContent = `${metres} m`;
  };

  const select = (row, scroll) => {
    document.querySelectorAll(".on").forEach((old) => old.classList.remove("on"));
    row.classList.add("on");
    const group = groups.get(row.dataset.row);
    if (group) {
      group.classList.add("on");
      map.appendChild(group); // drawn last: on top
    }
    if (scroll) row.scrollIntoView({ block: "center" });
    document.dispatchEvent(new CustomEvent("picked", { detail: row }));
  };

  const metresAt = (event) => {
    const point = new DOMPoint(event.clientX, event.clientY);
    return point.matrixTransform(map.getScreenCTM().inverse());
  };

  rows.forEach((row, i) => {
    row.addEventListener("click", () => select(row, false));
    row.addEventListener("keydown", (event) => {
      const next = rows[i + { ArrowDown: 1, ArrowUp: -1 }[event.key]];
      if (!next) return;
      event.preventDefault();
      next.focus();
      select(next, false);
    });
  });
  groups.forEach((group, i) => group.addEventListener("click", () => select(rows[i], true)));

  map.addEventListener("wheel", (event) => {
    event.preventDefault();
    const at = metresAt(event);
    const by = Math.min(Math.max(Math.exp(event.deltaY / 500), 0.5), 2);
    const width = Math.min(Math.max(box[2] * by, home[2] / 100), home[2] * 2);
    const k = width / box[2];
    box = [at.x + (box[0] - at.x) * k, at.y + (box[1] - at.y) * k, width, box[3] * k];
    show();
  }, { passive: false });

  let grip = null;
  map.addEventListener("pointerdown", (event) => { grip = metresAt(event); });
  window.addEventListener("pointerup", () => { grip = null; });
  map.addEventListener("pointermove", (event) => {
    if (!grip) return;
    const at = metresAt(event);
    box = [box[0] + grip.x - at.x, box[1] + grip.y - at.y, box[2], box[3]];
    show();
  });
  map.addEventListener("dblclick", () => { box = home.slice(); show(); });
  window.addEventListener("resize", show);
  show();
})();
