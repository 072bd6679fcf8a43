/** For `bench/server-chaos`, `bench/cluster-chaos` and the tests. */
export { type ChaosOptions, type ChaosResult, isSound, runChaos } from "./campaign.ts"
export {
  type ClusterChaosOptions,
  type ClusterChaosResult,
  clusterGoals,
  isClusterSound,
  type Round,
  runClusterChaos
} from "./clusterCampaign.ts"
