/** The frame: header, tables, and what flows between them. */
import { useState } from "react";
import { Header } from "../features/header/Header";
import { ThemeSwitch } from "../features/header/ThemeSwitch";
import { Status } from "../features/status/Status";
import { isSession, type Session } from "../features/workspace/session";
import type { PageConfig } from "../lib/config";
import type { Connection, Link } from "../lib/link";
import { useStore } from "../lib/store";
import type { Theme } from "../lib/theme";
import { Nothing } from "./Nothing";
import { Tables } from "./Tables";

interface Props {
  config: PageConfig;
  theme: Theme;
  /** The connection to the tables; only a heartbeat when none are mounted. */
  link: Link<Connection>;
}

export function App({ config, theme, link }: Props) {
  const dark = useStore(theme);
  const state = useStore(link);
  const [session, setSession] = useState<Session>();

  // The last session stays when it is lost: what it showed is still there to be read.
  if (state.kind === "live" && isSession(state.connection) && state.connection !== session) {
    setSession(state.connection);
  }

  return (
    <div className="page">
      <Header
        title={config.title}
        version={config.version}
        links={[
          { label: "Try the API", href: config.docs },
          { label: "Reference", href: config.redoc },
        ]}
        status={<Status state={state} lastHeard={session?.lastHeard} />}
        actions={<ThemeSwitch dark={dark} onToggle={theme.toggle} />}
      />
      <main className="main">
        {session && session.meta.tables.length > 0 ? (
          <Tables session={session} state={state} dark={dark} onRetry={link.retry} />
        ) : (
          <Nothing mounted={config.tables !== undefined} state={state} onRetry={link.retry} />
        )}
      </main>
    </div>
  );
}
