/** How often each caller may come: a bucket for each, in memory, that fills up at an even rate. */

export interface TokenBuckets {
  /** Takes one token. 0 where there was one; otherwise in how many whole seconds there will be. */
  readonly take: (name: string, nowMs: number) => number
}

/** Names are few: those of keys. A new bucket is full, and what it holds when full is what one second brings. */
export const makeTokenBuckets = (ratePerSecond: number): TokenBuckets => {
  const size = Math.max(1, ratePerSecond)
  const buckets = new Map<string, Bucket>()
  return {
    take: (name, nowMs) => {
      let bucket = buckets.get(name)
      if (bucket === undefined) buckets.set(name, (bucket = { tokens: size, atMs: nowMs }))
      const passedMs = Math.max(0, nowMs - bucket.atMs)
      bucket.tokens = Math.min(size, bucket.tokens + (passedMs / 1000) * ratePerSecond)
      bucket.atMs = nowMs
      if (bucket.tokens < 1) return Math.max(1, Math.ceil((1 - bucket.tokens) / ratePerSecond))
      bucket.tokens -= 1
      return 0
    }
  }
}

interface Bucket {
  tokens: number
  atMs: number
}
