import type { Role } from '../api/shapes';

/** Roles (A1), strongest first. */
export const roleWords: Record<Role, { name: string; may: string }> = {
  owner: { name: 'Owner', may: 'everything' },
  admin: { name: 'Admin', may: 'everything but changing an owner' },
  manager: { name: 'Manager', may: 'tickets and settings' },
  support: { name: 'Support', may: 'tickets' },
};

/** Only an owner makes an owner. */
export function grantable(mine: Role | undefined): Role[] {
  const all: Role[] = ['owner', 'admin', 'manager', 'support'];
  return mine === 'owner' ? all : all.slice(1);
}
