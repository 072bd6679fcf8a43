/** Commands that misbehave, as data, and a campaign that runs them by the thousand. */
export { boundMs, type Campaign, type CampaignOptions, runCampaign } from "./campaign.ts"
export { deadlineMs, type HostileKind, hostileKinds } from "./kinds.ts"
