/** Numbers of PostgreSQL's advisory locks: all here, so that no two kinds of work block each other (a test compares them). A number never changes: old and new processes run side by side. */
export const advisoryLocks = {
  migrations: 7_205_759,
  housekeeping: 7_205_760,
  expiryWarnings: 7_205_761,
  addressBook: 7_205_762,
  recheck: 7_205_763,
  policyChange: 7_205_764,
  reports: 7_205_765,
  dkim: 7_205_767,
  auditSeal: 7_205_770,
  auditSeals: 7_205_771,
  acme: 7_205_772,
  figures: 7_205_773,
  notifications: 7_205_790,
  ldapSync: 7_205_822,
  dkimChange: 7_205_811,
  webhooks: 7_205_828,
} as const
export type AdvisoryLock = keyof typeof advisoryLocks
