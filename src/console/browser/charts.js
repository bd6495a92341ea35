// Charts from figures that stand in the page: <div data-chart='{ "labels": […], "series": [{ "name", "values", "color" }], "unit": "" }'>; a table beside it says the same.
"use strict"

const chartHeight = 190

function colorOf(element, name) {
  return getComputedStyle(element).getPropertyValue(name).trim() || "currentColor"
}

function drawChart(element) {
  const { labels, series, percent } = JSON.parse(element.dataset.chart)
  const language = document.documentElement.lang
  const number = new Intl.NumberFormat(language === "vi" ? "vi-VN" : "en-GB", percent ? { style: "percent", maximumFractionDigits: 0 } : { notation: "compact" })
  const text = colorOf(element, "--pico-color")
  const grid = { stroke: colorOf(element, "--edge"), width: 1 }
  const axis = { stroke: text, grid, ticks: grid, font: "12px system-ui, sans-serif" }
  element.replaceChildren()
  const options = {
    width: element.clientWidth,
    height: chartHeight,
    scales: { x: { time: false }, y: { range: (_chart, _low, high) => [0, percent ? 1 : Math.max(high * 1.1, 4)] } },
    axes: [
      { ...axis, values: (_chart, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? (labels[tick] ?? "") : "")), space: 90 },
      { ...axis, values: (_chart, ticks) => ticks.map((tick) => number.format(tick)), size: 52 },
    ],
    series: [
      { label: element.dataset.across, value: (_chart, at) => labels[at] ?? "–" },
      ...series.map(({ name, color, dash }) => ({
        label: name, stroke: colorOf(element, color), width: 2, ...(dash && { dash: [6, 4] }), points: { size: 5 }, value: (_chart, value) => (value === null || value === undefined ? "–" : number.format(value)),
      })),
    ],
  }
  return new uPlot(options, [labels.map((_label, at) => at), ...series.map(({ values }) => values)], element)
}

function drawCharts() {
  for (const element of document.querySelectorAll("[data-chart]")) {
    if (element.clientWidth === 0 || (element.dataset.drawn === `${element.clientWidth} ${element.dataset.chart}` && element.firstChild)) continue
    element.dataset.drawn = `${element.clientWidth} ${element.dataset.chart}`
    drawChart(element)
  }
}

document.addEventListener("DOMContentLoaded", drawCharts)
document.addEventListener("congthu:charts", drawCharts)
window.addEventListener("resize", drawCharts)
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const element of document.querySelectorAll("[data-chart]")) delete element.dataset.drawn
  drawCharts()
})
