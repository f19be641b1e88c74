import { upload, uploadFrom } from '../api/calls';
import { reason } from '../api/client';
import type { Channel } from '../api/shapes';
import { refusalOf } from '../text/files';
import { drafts } from './drafts.svelte';
import { redrawable, redrawn } from './pictures';

/** Files on their way into one ticket's draft. */
export class Uploads {
  busy = $state.raw<string[]>([]);
  /** Why the last files were not taken. */
  refused = $state.raw<string[]>([]);

  constructor(
    readonly ticketId: string,
    readonly channel: Channel,
  ) {}

  async add(files: FileList | null | undefined) {
    // A copy: a file field empties its list while the first file is still on its way.
    const chosen = [...(files ?? [])];
    if (chosen.length === 0) return;
    this.refused = [];
    for (const file of chosen) await this.#one(file);
  }

  /** A picture or GIF by its address. */
  async addFrom(url: string) {
    this.refused = [];
    this.busy = [...this.busy, url];
    try {
      const attachment = await uploadFrom(url);
      const before = drafts.of(this.ticketId).attachments;
      drafts.write(this.ticketId, { attachments: [...before, attachment] });
    } catch (error) {
      this.#refuse(reason(error));
    }
    this.busy = this.busy.filter((name) => name !== url);
  }

  async #one(chosen: File) {
    const there = () => drafts.of(this.ticketId).attachments;
    const file = await this.#fitting(chosen);
    const refusal = refusalOf(file, this.channel, there());
    if (refusal) return this.#refuse(refusal);
    this.busy = [...this.busy, file.name];
    try {
      const attachment = await upload(file);
      drafts.write(this.ticketId, { attachments: [...there(), attachment] });
    } catch (error) {
      this.#refuse(`${file.name}: ${reason(error)}`);
    }
    this.busy = this.busy.filter((name) => name !== file.name);
  }

  /** A picture that a text cannot carry as it is goes out redrawn, if that helps. */
  async #fitting(file: File): Promise<File> {
    if (this.channel !== 'sms' || !redrawable(file) || refusalOf(file, 'sms', []) === null) return file;
    return (await redrawn(file)) ?? file;
  }

  #refuse(why: string) {
    this.refused = [...this.refused, why];
  }
}
