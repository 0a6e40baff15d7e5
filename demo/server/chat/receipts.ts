/** The place of a message in the order, and when it was added. */
export interface Receipt {
  seq: number
  at: number
}

/** How many receipts are kept. A client that is back soon sends again what it has no receipt for. */
const KEPT = 2_000

/** The messages that were added already, so that one that is sent twice is added once. */
export class Receipts {
  readonly #receipts = new Map<string, Receipt>()

  get(key: string): Receipt | undefined {
    return this.#receipts.get(key)
  }

  add(key: string, receipt: Receipt): void {
    this.#receipts.set(key, receipt)
    if (this.#receipts.size <= KEPT) return
    for (const oldest of this.#receipts.keys()) {
      this.#receipts.delete(oldest)
      return
    }
  }
}
