import { CommandLine } from './command-line.tsx';

interface ClientLinesProps {
  /** Undefined: the caller reaches none yet. */
  project: number | undefined;
  /** Only known where a key was made a moment ago. */
  apiKey?: string;
}

/** How programs reach this service, with its real address and the real project. */
export function ClientLines({ project, apiKey = 'APIKEY' }: ClientLinesProps) {
  const { origin } = location;
  const number = project ?? 'PROJECT';
  return (
    <>
      <Lines
        title="curl"
        text={`curl -u ${apiKey}: '${origin}/api/jobs/list.json?project=${number}&count=3'`}
      />
      <Lines
        title="shub, in ~/.scrapinghub.yml"
        text={`endpoints: {default: "${origin}/api/"}\napikeys: {default: ${apiKey}}\nprojects: {default: ${number}}`}
      />
      <Lines
        title="shub, in the folder of your Scrapy project"
        text={`pip install shub\nshub deploy ${number}`}
      />
      <Lines
        title="python-scrapinghub"
        text={`ScrapinghubClient("${apiKey}", dash_endpoint="${origin}/api/", endpoint="${origin}/storage").get_project(${number})`}
      />
    </>
  );
}

function Lines({ title, text }: { title: string; text: string }) {
  return (
    <div className="stack tight">
      <h3>{title}</h3>
      <CommandLine text={text} label={`Copy the lines for ${title}`} />
    </div>
  );
}
