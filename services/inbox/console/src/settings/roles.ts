import type { Role } from '../api/shapes';
import { t } from '../text/language.svelte';

/** Roles (A1), strongest first. */
export const roleWords: Record<Role, { name: string; may: string }> = {
  owner: { get name() { return t('Owner'); }, get may() { return t('everything'); } },
  admin: { get name() { return t('Admin'); }, get may() { return t('everything but changing an owner'); } },
  manager: { get name() { return t('Manager'); }, get may() { return t('tickets and settings'); } },
  support: { get name() { return t('Support'); }, get may() { return t('tickets'); } },
};

/** Only an owner makes an owner. */
export function grantable(mine: Role | undefined): Role[] {
  const all: Role[] = ['owner', 'admin', 'manager', 'support'];
  return mine === 'owner' ? all : all.slice(1);
}
