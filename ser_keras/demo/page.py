"""The page in Gradio, and the server that it lives in."""

import json
from collections.abc import Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import gradio as gr
import uvicorn
from fastapi import FastAPI
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ser_keras.boxed import card
from ser_keras.demo import door, limits, listening, uploads
from ser_keras.demo.figure import inline_svg
from ser_keras.errors import SerError
from ser_keras.prediction import predictor
from ser_keras.report import texts

HERE = Path(__file__).parent
TITLE = "What emotion does a network hear?"
WIDTHS = {"narrow": 3.6, "wide": 7.4}  # inches of the figure, on a telephone and on a desk
FONTS = {"font": ["system-ui", "sans-serif"], "font_mono": ["ui-monospace", "monospace"]}  # those of the reader's own
TEMPLATES = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True)


def figures(value: float) -> str:
    """A number with four digits, or all those before the point; – where it is not defined."""
    if value != value:
        return "–"
    return (f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}").replace("-", "−")


TEMPLATES.filters["figures"] = figures


def listen(recording: dict | None, names: list[str], *, models: Mapping[str, Path | None], folder: Path) -> str:
    """What the page shows of a recording, which is deleted: HTML.

    Parameters
    ----------
    recording : Gradio's FileData; None where nothing is recorded
    names : of the models to ask
    models : those there are
    folder : where uploads lie
    """
    path = Path(recording["path"]) if recording else None
    try:
        if path is None:
            raise SerError("There is no recording yet: record one, or upload a file.")
        asked = listening.chosen(names, models)
        heard = listening.recording(path, _called(recording))
        table, coefficients = listening.measures(heard)
        return TEMPLATES.get_template("answer.html").render(
            name=heard.name,
            answers=listening.answers(heard, asked),
            figures={kind: inline_svg(heard, width) for kind, width in WIDTHS.items()},
            measures=table,
            coefficients=coefficients,
            alt=_alt(table),
        )
    except SerError as error:
        return TEMPLATES.get_template("fault.html").render(fault=str(error))
    finally:
        if path is not None:
            uploads.delete(path, folder)


def _called(recording: Mapping) -> str:
    name = recording.get("orig_name")
    return name[-80:] if isinstance(name, str) and name not in ("", "audio.wav") else "Your recording"


def _alt(table: list[listening.Measure]) -> str:
    values = {one.title: one.value for one in table}
    voiced, pitch = values["Voiced frames"], values["Pitch (f0), median"]
    told = f"f0 in {voiced:.0f} % of the frames, median {pitch:.0f} Hz" if voiced else "no f0 anywhere"
    return f"Wave and log-mel spectrogram of {values['Duration']:.2f} s; {told}. The numbers are in the table below."


def _of_the_box() -> dict[str, object]:
    """What the page says of the model in the box: from its own record."""
    record = json.loads((predictor.BOXED / predictor.DEFAULT / "run.json").read_text(encoding="utf-8"))
    return {
        "box": record["name"],
        "limits": card.limits(record),
        "right": texts.percent(record["figures"]["all"]["accuracy"]),
        "classes": len(record["classes"]),
        "chance": texts.percent(1 / len(record["classes"])),
    }


def build(models: Mapping[str, Path | None], folder: Path) -> gr.Blocks:
    """The page: recording and models on one side, what is heard on the other."""
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=False) as blocks:
        gr.HTML(TEMPLATES.get_template("head.html").render(title=TITLE, **_of_the_box()), elem_id="head")
        with gr.Row():
            with gr.Column(scale=2, min_width=320):
                recording = gr.Audio(
                    sources=["microphone", "upload"],
                    type="filepath",
                    label=f"Recording: {limits.LONGEST_S:g} s and {limits.LARGEST // 2**20} MB at most",
                    buttons=[],
                    elem_id="recording",
                )
                asked = gr.CheckboxGroup(
                    choices=list(models),
                    value=list(models)[:1],
                    label=f"Models, {limits.SIDE_BY_SIDE} at most",
                    elem_id="models",
                )
                button = gr.Button("Ask the models", variant="primary", elem_id="ask")
            with gr.Column(scale=5, min_width=340):
                answer = gr.HTML(TEMPLATES.get_template("empty.html").render(), elem_id="answer")
        gr.on(
            [recording.upload, recording.stop_recording, button.click],
            partial(listen, models=models, folder=folder),
            inputs=[recording, asked],
            outputs=[answer],
            js=(HERE / "ask.js").read_text(encoding="utf-8"),
            preprocess=False,
            concurrency_limit=1,  # matplotlib and Praat take one at a time
            api_name="listen",
            show_progress="minimal",
        )
    return blocks.queue(max_size=limits.WAITING)


def server(models: Mapping[str, Path | None], folder: Path) -> uvicorn.Server:
    """The page's server; uploads lie in `folder`, and are swept."""
    blocks = build(models, folder)

    @asynccontextmanager
    async def lifespan(app: FastAPI):
        async with uploads.sweeping(folder, lambda: len(blocks._queue) > 0):  # the queue has no public length
            yield

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    blocks.state_session_capacity = limits.SESSIONS
    blocks._queue.pending_messages_per_session.max_size = limits.UNFETCHED
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        footer_links=[],
        run_history=False,
        show_error=False,
        max_file_size=limits.LARGEST,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        theme=gr.themes.Default(primary_hue="blue", **FONTS),
        head=f"<style>{(HERE / 'page.css').read_text(encoding='utf-8')}</style>",  # `css` breaks selectors with commas
    )
    config = uvicorn.Config(
        door.Door(app, folder),
        log_level="warning",
        limit_concurrency=limits.CONNECTIONS,
        timeout_graceful_shutdown=1,
        server_header=False,
    )
    return uvicorn.Server(config)
