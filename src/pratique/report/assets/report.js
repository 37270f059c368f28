"use strict";
for (const box of document.querySelectorAll("[data-findings]")) {
  const rows = [...box.querySelectorAll("tbody tr")];
  const chips = [...box.querySelectorAll(".chip")];
  const search = box.querySelector("input");
  const count = box.querySelector("[data-count]");
  const show = () => {
    const on = new Set(chips.filter((chip) => chip.ariaPressed === "true").map((chip) => chip.dataset.severity));
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !(on.has(row.dataset.severity) && words.every((word) => text.includes(word)));
      shown += row.hidden ? 0 : 1;
    }
    count.textContent = shown === rows.length ? "" : `${shown} of ${rows.length} shown`;
  };
  for (const chip of chips) {
    chip.addEventListener("click", () => { chip.ariaPressed = chip.ariaPressed === "true" ? "false" : "true"; show(); });
  }
  search.addEventListener("input", show);
}
const order = new Intl.Collator(undefined, { numeric: true });
for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => {
    const head = button.closest("th");
    const body = button.closest("table").tBodies[0];
    const down = head.ariaSort === "ascending";
    for (const other of head.parentElement.children) other.removeAttribute("aria-sort");
    head.ariaSort = down ? "descending" : "ascending";
    const key = (row) => row.cells[head.cellIndex].dataset.sort ?? row.cells[head.cellIndex].textContent;
    const rows = [...body.rows].sort((one, two) => order.compare(key(one), key(two)));
    body.append(...(down ? rows.reverse() : rows));
  });
}
