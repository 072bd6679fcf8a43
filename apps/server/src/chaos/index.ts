/** For `bench/server-chaos` and the tests. */
export { type ChaosOptions, type ChaosResult, isSound, runChaos } from "./campaign.ts"
