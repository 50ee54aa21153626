import type { CloudsOf, EmulatedClouds } from "./emulated-clouds.ts";
import { clear, type Weather } from "./weather.ts";

/** Emulators that have the weather, and who has which key there. */
export interface EmulatedSky {
  readonly emulators: EmulatedClouds;
  readonly of: CloudsOf;
}

/** The weather of a run: whoever is to have it is told of each change. */
export class Sky {
  weather: Weather;
  private readonly usual: Weather;
  private readonly emulated: EmulatedSky | undefined;
  private readonly listeners = new Set<(weather: Weather) => void>();

  constructor(usual: Weather, emulated: EmulatedSky | undefined) {
    this.weather = usual;
    this.usual = usual;
    this.emulated = emulated;
  }

  /** Without what a cloud does to some requests: of a customer's decisions alone. */
  get calm(): Weather {
    const { versions, disabled } = this.weather;
    return { ...clear, versions, disabled };
  }

  listen(listener: (weather: Weather) => void): void {
    this.listeners.add(listener);
  }

  async change(change: Partial<Weather>): Promise<void> {
    this.weather = { ...this.weather, ...change };
    for (const listener of this.listeners) listener(this.weather);
    await this.emulated?.emulators.apply(this.weather, this.emulated.of);
  }

  /** As it was at first. */
  async asUsual(): Promise<void> {
    await this.change(this.usual);
  }

  /** Nothing is wrong any more; keys keep their versions. */
  async clearUp(): Promise<void> {
    await this.change({ ...clear, versions: this.usual.versions });
  }
}
