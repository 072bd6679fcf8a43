/** The text of the notice that a config was found, not named. */
export const discoveredNotice = "discovered, not named: it runs as if trusted; name it with --config to be explicit"
