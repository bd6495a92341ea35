/** What the page reads of the API's description (OpenAPI 3.1, JSON Schema 2020-12); the API itself says it all at `/api/v1/openapi.json`. */
export interface DescribedApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>
  readonly components: { readonly responses: Readonly<Record<string, { readonly description: string }>> }
}

export interface DescribedOperation {
  readonly operationId: string
  readonly summary: string
  readonly tags: readonly string[]
  readonly security: readonly { readonly token: readonly string[] }[]
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean; readonly description?: string; readonly schema: DescribedSchema }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: DescribedSchema }>> }
  readonly responses: Readonly<Record<string, DescribedResponse | { readonly $ref: string }>>
}

export interface DescribedResponse {
  readonly description: string
  readonly content?: Readonly<Record<string, { readonly schema: DescribedSchema }>>
}

export interface DescribedSchema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, DescribedSchema>>
  readonly required?: readonly string[]
  readonly [keyword: string]: unknown
}
