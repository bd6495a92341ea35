/** Whether the memory behind is no pool that others use: slices of `Buffer`'s are less than half of it. */
export const fillsItsMemory = ({ buffer, byteLength }: Uint8Array): boolean => 2 * byteLength > buffer.byteLength

/**
 * Frees the memory behind a buffer at once; every view of it becomes empty. For its only owner; what may be a slice of a pool is left alone.
 * V8 counts what buffers hold outside its heap only roughly: while a 50 MB message streams through, it would wait for tens of megabytes
 * and then stop the process to mark its whole heap.
 */
export const giveBack = (bytes: Uint8Array): void => {
  const { buffer } = bytes
  if (buffer instanceof ArrayBuffer && (fillsItsMemory(bytes) || buffer.byteLength > Buffer.poolSize)) buffer.transfer(0)
}
