/**
 * Who has signed in. A member's session is a cookie that no script can read; here is only what the gateway tells of it. An API key,
 * for who has no member yet, stays in this tab: it ends with the tab, and no other site or tab can read it.
 */
const name = 'carillon.api_key';

/**
 * @typedef {object} MemberSession
 * @property {string} tenant
 * @property {{ id: string, email: string, name: string, role: 'viewer' | 'support' | 'editor' | 'owner' }} member
 * @property {string} csrf_token goes along with every change
 */

export const session = {
  /** @type {MemberSession | null} */
  member: null,
  /** @returns {string | null} */
  get key() {
    return sessionStorage.getItem(name);
  },
  /** @param {string} key */
  open(key) {
    sessionStorage.setItem(name, key);
  },
  close() {
    sessionStorage.removeItem(name);
    session.member = null;
  },
};
