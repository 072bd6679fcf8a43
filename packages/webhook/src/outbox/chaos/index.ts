/** For `bench/outbox-chaos` and the tests. */
export { type ChaosOptions, type ChaosResult, runChaos } from "./campaign.ts"
