/** For `bench/outbox-chaos` and the tests. */
export { randomOf } from "./chance.ts"
export { type ChaosOptions, type ChaosResult, runChaos } from "./campaign.ts"
