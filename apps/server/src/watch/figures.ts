/** The figures of `/metrics`. */
import { Metric } from "effect"

const milliseconds = Metric.boundariesFromIterable([
  1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000
])

export const fires = Metric.counter("tenterhook_fires_total", {
  description: "Fires, by event and verdict",
  incremental: true
})

export const fireDuration = Metric.histogram("tenterhook_fire_duration_milliseconds", {
  description: "From the event to its record",
  boundaries: milliseconds
})

export const outcomes = Metric.counter("tenterhook_outcomes_total", {
  description: "What hooks came to, by adapter, status and reason",
  incremental: true
})

export const executions = Metric.counter("tenterhook_executions_total", {
  description: "Executions that started and ended, by phase",
  incremental: true
})

/** Read from the database when they are asked for. */
export const deliveries = Metric.gauge("tenterhook_deliveries", { description: "Deliveries, by status" })
export const oldestDue = Metric.gauge("tenterhook_delivery_oldest_due_milliseconds", {
  description: "How long the oldest delivery that is due has been so"
})
export const executionsNow = Metric.gauge("tenterhook_executions", { description: "Executions that have not ended" })
export const memory = Metric.gauge("tenterhook_resident_memory_bytes", { description: "Memory of this process" })
export const uptime = Metric.gauge("tenterhook_uptime_seconds", { description: "How long this process has been up" })
