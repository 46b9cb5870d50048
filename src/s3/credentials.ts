/** Who a worker is to a store: keys of its connection, of its variables, or of the chain of AWS. */
import { messageOf, sluiceError } from '../errors.ts'

export interface Credentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
}

export interface Login {
  /** null: nobody, for a bucket that is public. @throws store_refused */
  credentials(): Promise<Credentials | null>
  /** Gets other ones, for those that have expired. @returns whether there may be other ones */
  renew(): Promise<boolean>
}

/** Reads a variable of this process. */
type Variable = (name: string) => string | undefined

export const fixedLogin = (credentials: Credentials | null): Login => ({
  credentials: async () => credentials,
  renew: async () => false,
})

/** What the AWS_ variables say; null where they leave it to the chain. */
export function loginOfVariables(variable: Variable): Login | null {
  const accessKeyId = variable('AWS_ACCESS_KEY_ID')
  const secretAccessKey = variable('AWS_SECRET_ACCESS_KEY')
  if (!accessKeyId || !secretAccessKey || variable('AWS_PROFILE')) return null
  const sessionToken = variable('AWS_SESSION_TOKEN')
  return fixedLogin({ accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) })
}

type Provider = (how?: { forceRefresh?: boolean }) => Promise<Credentials>

/** One a profile: each remembers what it got for as long as that holds. */
const chains = new Map<string | undefined, Promise<Provider>>()

/**
 * The chain of AWS: profiles and SSO, web identity, containers, the metadata of the machine. It asks
 * these by itself, and is loaded by those who need it.
 */
export function chainLogin(profile: string | undefined): Login {
  const ask = async (forceRefresh: boolean): Promise<Credentials> => {
    let chain = chains.get(profile)
    if (!chain) {
      chain = loadChain(profile)
      chains.set(profile, chain)
    }
    const provider = await chain.catch((error) => {
      chains.delete(profile)
      throw error
    })
    try {
      return await provider({ forceRefresh })
    } catch (error) {
      throw noCredentials(messageOf(error))
    }
  }
  return {
    credentials: () => ask(false),
    renew: () => ask(true).then(() => true),
  }
}

async function loadChain(profile: string | undefined): Promise<Provider> {
  const from = await import('@aws-sdk/credential-provider-node').catch(() => {
    throw noCredentials('the package @aws-sdk/credential-provider-node is not installed')
  })
  const chain = from.defaultProvider({ maxRetries: 3, ...(profile !== undefined && { profile }) })
  return chain as Provider
}

const noCredentials = (problem: string): Error =>
  sluiceError('store_refused', {
    file: 'S3',
    problem: `this machine has no credentials for it (${problem})`,
    next: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY on the workers, or name a connection; one for public buckets says "anonymous": true',
  })
