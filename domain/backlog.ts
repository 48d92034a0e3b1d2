/** What waits, for whoever watches over the house. */
export interface Backlog {
  /** Items without an outcome. `unstarted`: committed, and no workflow has begun; `erasing`: without a receipt yet. */
  readonly items: readonly {
    readonly state: 'unstarted' | 'processing' | 'playable' | 'erasing'
    readonly count: number
    readonly oldestSeconds: number
  }[]
  /** Events that are not in Kafka yet. */
  readonly outbox: { readonly count: number; readonly oldestSeconds: number }
  readonly volumes: readonly { readonly state: string; readonly count: number; readonly bytes: number; readonly bytesErased: number }[]
}

export interface BacklogView {
  /** Costs as much as there is that waits, and a look at each volume's row. */
  backlog(): Promise<Backlog>
}
