import type { EdgePurger } from '../../domain/ports.ts'
import { createNoPurger } from './none.ts'
import { createVarnishPurger, type VarnishPurgerOptions } from './varnish.ts'

/** Settings of each provider; only those named are purged. */
export interface PurgerConfig {
  readonly varnish?: VarnishPurgerOptions
}

/** CDN providers by name: what makes a purger of the provider's settings. */
const providers: { readonly [K in keyof PurgerConfig]-?: (settings: NonNullable<PurgerConfig[K]>) => EdgePurger } = {
  varnish: createVarnishPurger,
}

/** A purger for each provider of the configuration; where there is none, the one that has nothing to do. */
export function createPurgers(config: PurgerConfig): EdgePurger[] {
  const names = Object.keys(providers) as (keyof PurgerConfig)[]
  const purgers = names.flatMap((name) => {
    const settings = config[name]
    return settings === undefined ? [] : [providers[name](settings)]
  })
  return purgers.length > 0 ? purgers : [createNoPurger()]
}
