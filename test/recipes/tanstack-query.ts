import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { SocketLike } from 'holdfast'
import { useListener } from 'holdfast/react'

type Price = { symbol: string; price: number }

/** Puts each price that is pushed into the cache, for all components that show it. Call it once. */
export function usePricePushes(socket: SocketLike<Price, never>) {
  const client = useQueryClient()
  useListener(socket, 'json', (price) => {
    client.setQueryData(['price', price.symbol], price)
  })
  // What was pushed while there was no connection is missing: ask for it.
  useListener(socket, 'open', ({ reconnected }) => {
    if (reconnected) client.invalidateQueries({ queryKey: ['price'] })
  })
}

/** The first value is fetched. After that the pushes keep it fresh. */
export function usePrice(symbol: string, fetchPrice: (symbol: string) => Promise<Price>) {
  return useQuery({ queryKey: ['price', symbol], queryFn: () => fetchPrice(symbol), staleTime: Infinity })
}
