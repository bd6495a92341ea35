/** Whether the disk is so full that new mail must wait outside; asked at every MAIL, so the answer is a recent measurement. */
export interface FreeSpace {
  isLow(): boolean
}
