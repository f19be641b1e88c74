import { call } from './client';
import type { EnrolledSession, Enrolment, RecoveryCodes, SecondStepState, SignedIn } from './shapes';

/** The second step at sign-in; loaded by who has to do with it. */

/** A code of the app, or a recovery code. */
export type Code = { code: string } | { recovery_code: string };

export const secondStep = {
  pass: (token: string, code: Code) => call<SignedIn>('POST', '/session/second-step', { body: { token, ...code } }),
  enrolPending: (token: string) => call<Enrolment>('POST', '/session/second-step/enrolment', { body: { token } }),
  confirmPending: (token: string, code: string) => call<EnrolledSession>('PUT', '/session/second-step/enrolment', { body: { token, code } }),
  show: () => call<SecondStepState>('GET', '/second-step'),
  enrol: (password: string) => call<Enrolment>('POST', '/second-step', { body: { password } }),
  confirm: (code: string) => call<RecoveryCodes>('POST', '/second-step/confirm', { body: { code } }),
  off: (password: string, code: Code) => call<void>('POST', '/second-step/off', { body: { password, ...code } }),
  newCodes: (password: string, code: Code) => call<RecoveryCodes>('POST', '/second-step/recovery-codes', { body: { password, ...code } }),
  reset: (user: string) => call<void>('DELETE', `/users/${user}/second-step`),
};
