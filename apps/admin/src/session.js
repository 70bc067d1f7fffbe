/** The API key of this tab: it ends with the tab, and no other site or tab can read it. */
const name = 'carillon.api_key';

export const session = {
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
  },
};
