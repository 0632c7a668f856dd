// Starts what the page shows. Dash draws the layout first; nothing here touches what Dash owns.

const parts = {
  data: async () => (await import("./data/data.mjs")).start(),
  account: async () => (await import("./accounts/account.mjs")).start(),
  accounts: async () => (await import("./accounts/accounts.mjs")).start(),
  audit: async () => (await import("./accounts/audit.mjs")).start(),
  duty: async () => (await import("./duty/duty.mjs")).start(),
  environment: async () => (await import("./environment/environment.mjs")).start(),
  warnings: async () => (await import("./warnings/warnings.mjs")).start(),
  rules: async () => (await import("./rules/rules.mjs")).start(),
  wallboard: async () => (await import("./wall/wall.mjs")).start(),
  desk: async () => (await import("./desk/desk.mjs")).start(),
  wall: async () => {
    const [pictures, live, state] = await Promise.all([import("./desk/pictures.mjs"), import("./common/live.mjs"), import("./common/state.mjs")]);
    pictures.startWall();
    live.start();
    window.dongtai = Object.freeze({ stations: state.stations, link: live.link });
  },
};
let started = false;

async function look() {
  const page = document.querySelector("[data-page]");
  if (started || !page) return;
  started = true;
  watcher.disconnect();
  if (page.dataset.page !== "wallboard") (await import("./common/preferences.mjs")).start(); // nobody stands there to choose
  await parts[page.dataset.page]();
}
const watcher = new MutationObserver(look);
watcher.observe(document.documentElement, { childList: true, subtree: true });
look();
