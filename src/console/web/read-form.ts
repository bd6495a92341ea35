import { Busboy } from "@fastify/busboy"
import express, { type Request, type Response } from "express"
import { z } from "zod"

/**
 * What a form sends, bounded before any of it is looked at: fields, and files where its page takes some (RFC 7578). Errors carry the HTTP status
 * that answers them.
 */
export type FormFields = Readonly<Record<string, unknown>>

/** A file of a form, held whole. */
export interface Upload {
  /** As the browser calls it; a file name at most, never a path. */
  readonly name: string
  readonly bytes: Buffer
}

/** Undefined where none was chosen. */
export const uploadField = z.custom<Upload>((value) => value instanceof UploadedFile).optional()

/** So that no field of text can pass for a file. */
class UploadedFile implements Upload {
  readonly name: string
  readonly bytes: Buffer
  constructor(name: string, bytes: Buffer) {
    this.name = name
    this.bytes = bytes
  }
}

const maxFormBytes = 512 * 1024
const maxFormFields = 5_000
const maxFieldNameBytes = 100
const maxFileNameCharacters = 200

const readFields = express.urlencoded({ extended: false, limit: maxFormBytes, parameterLimit: maxFormFields, inflate: false })

/** Fields given once as text, more often as a list; files as `Upload`, one to a field. */
export async function readForm(request: Request, response: Response, maxUploadBytes: number): Promise<FormFields> {
  if (request.is("multipart/form-data") !== "multipart/form-data" || maxUploadBytes === 0) {
    await new Promise<void>((resolve, reject) => readFields(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error as Error))))
    const body: unknown = request.body
    return typeof body === "object" && body !== null ? { ...body } : {}
  }
  return readParts(request, maxUploadBytes)
}

function readParts(request: Request, maxUploadBytes: number): Promise<FormFields> {
  return new Promise((resolve, reject) => {
    const fields: Record<string, unknown> = Object.create(null) as Record<string, unknown>
    const refuse = (status: number): void => {
      request.unpipe()
      // what is still on its way is read and thrown away, so that the browser comes to see the answer
      request.resume()
      reject(Object.assign(new Error("a form that cannot be taken"), { status }))
    }
    let parser
    try {
      parser = new Busboy({
        headers: { ...request.headers, "content-type": request.headers["content-type"] ?? "" },
        limits: { fieldNameSize: maxFieldNameBytes, fieldSize: maxFormBytes, fields: 200, fileSize: maxUploadBytes, files: 1, parts: 200, headerPairs: 50, headerSize: 8_192 },
      })
    } catch {
      return refuse(400)
    }
    parser.on("field", (name, value, nameCut, valueCut) => {
      if (nameCut || valueCut) return refuse(413)
      const before = fields[name]
      fields[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value]
    })
    parser.on("file", (field, stream, fileName) => {
      const chunks: Buffer[] = []
      stream.on("data", (chunk: Buffer) => void chunks.push(chunk))
      stream.on("limit", () => refuse(413))
      stream.on("end", () => {
        const bytes = Buffer.concat(chunks)
        // nothing was chosen: a browser sends an empty file without a name
        if (fileName !== "" || bytes.length > 0) fields[field] = new UploadedFile(fileName.slice(0, maxFileNameCharacters), bytes)
      })
      stream.on("error", () => refuse(400))
    })
    for (const limit of ["partsLimit", "filesLimit", "fieldsLimit"] as const) parser.on(limit, () => refuse(413))
    parser.on("error", () => refuse(400))
    parser.on("finish", () => resolve({ ...fields }))
    request.on("aborted", () => refuse(400))
    request.pipe(parser)
  })
}
