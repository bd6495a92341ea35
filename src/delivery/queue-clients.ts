/**
 * An error of a PostgreSQL client that nobody listens to ends the process. BullMQ leaves two such moments: a pooled client is
 * unwatched while it is made ready, and the LISTEN client from when closing begins, which is when a server that goes down says
 * so to every session. Whatever uses the client hears of the failure from its own query.
 */
interface QueueClient {
  on(event: "error", listener: (error: Error) => void): unknown
  removeAllListeners(event?: string): this
}

interface QueueConnection<Client extends QueueClient> {
  readonly pool: { on(event: "connect", listener: (client: QueueClient) => void): unknown }
  getListenClient(): Promise<Client>
}

export function watchClients<Client extends QueueClient, Backend extends { readonly connection: QueueConnection<Client> }>(backend: Backend & { readonly connection: QueueConnection<Client> }): Backend {
  const { connection } = backend
  connection.pool.on("connect", (client) => client.on("error", ignore))
  const watched = new WeakSet<Client>()
  const getListenClient = connection.getListenClient.bind(connection)
  connection.getListenClient = async () => {
    const client = await getListenClient()
    if (!watched.has(client)) {
      watched.add(client)
      const removeAllListeners = client.removeAllListeners.bind(client)
      client.removeAllListeners = (event) => {
        removeAllListeners(event)
        client.on("error", ignore)
        return client
      }
    }
    return client
  }
  return backend
}

const ignore = (): void => undefined
