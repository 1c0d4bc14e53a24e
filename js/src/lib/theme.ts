/** The theme: the system's until the user chooses, then the user's, remembered in this browser. */
import { store, type Store } from "./store";

const KEY = "csp-gateway:dark";

export interface Theme extends Pick<Store<boolean>, "get" | "listen"> {
  /** Changes to the other one and remembers it. */
  toggle: () => void;
}

/** Whether the page is dark. It follows the system and, once chosen, the choice, in every tab of the gateway. */
export function theme(page: Window): Theme {
  const system = page.matchMedia("(prefers-color-scheme: dark)");
  const decide = (): boolean => {
    const chosen = remembered(page);
    return chosen === null ? system.matches : chosen;
  };
  const dark = store(decide());
  const follow = (): void => {
    dark.set(decide());
  };
  system.addEventListener("change", follow);
  page.addEventListener("storage", follow);
  return {
    get: dark.get,
    listen: dark.listen,
    toggle: () => {
      const next = !dark.get();
      remember(page, next);
      dark.set(next);
    },
  };
}

function remembered(page: Window): boolean | null {
  try {
    const value = page.localStorage.getItem(KEY);
    return value === null ? null : value === "true";
  } catch {
    return null; // storage can be forbidden; then the choice lasts as long as the page
  }
}

function remember(page: Window, dark: boolean): void {
  try {
    page.localStorage.setItem(KEY, String(dark));
  } catch {
    // as above
  }
}
