"""A pocket CLIP: pictures and true sentences are pulled together, false ones pushed apart."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import irlib.foundation
from irlib.foundation.checkpoints import write_weights
from irlib.foundation.clip import TOKEN_IDS
from irlib.foundation.images import CLIP_MEAN, CLIP_STD, normalise
from irlib.pocket.captions import captions, truth
from irlib.pocket.degraded import DegradedPictures
from irlib.pocket.fitting import fit
from irlib.pocket.pictures import Pictures
from irlib.pocket.recipes import PocketRecipe

CONFIG_NAME = "irlib-pocket-clip"
PLACEHOLDER = "X"  # stands for learned tokens in prompts
LARGEST_SCALE = 100.0


def pocket_clip_config() -> dict[str, Any]:
    """The pocket CLIP's sizes, through open_clip's own mechanism for configurations by name."""
    import open_clip

    folder = Path(irlib.foundation.__file__).parent / "configs"
    open_clip.add_model_config(folder)
    return open_clip.get_model_config(CONFIG_NAME)


def train_clip(recipe: PocketRecipe, run_dir: Path, **options: Any) -> tuple[Path, float]:
    """Trains a pocket CLIP on degraded pictures and sentences about them.

    Each picture draws one sentence that is true of it. The loss is the symmetric cross entropy of
    CLIP (Radford et al., "Learning transferable visual models from natural language supervision",
    2021), with all true sentences of a batch as targets: "a terrible photo" fits every heavily
    degraded picture, and must not be pushed away from any of them.

    The token table holds only the rows of words that a caption uses, in training and in the file,
    where matrices are kept in half precision.

    Args:
        recipe: See :func:`irlib.pocket.recipes.pocket_recipe`.
        run_dir: Folder of the run.
        **options: Of :func:`irlib.pocket.fitting.fit`.

    Returns:
        The weights file and the minutes it took.
    """
    from open_clip.model import CLIP
    from open_clip.tokenizer import SimpleTokenizer

    config = pocket_clip_config()
    length = config["text_cfg"]["context_length"]
    texts = [caption.text for caption in captions()]
    ids = SimpleTokenizer(context_length=length)([*texts, PLACEHOLDER])
    kept = ids.unique()
    # End-of-text stays the highest id, which is how it is found.
    ids = torch.searchsorted(kept, ids)[: len(texts)]
    # Nothing after end-of-text can reach it; the longest caption decides what is computed.
    ids = ids[:, : int(ids.argmax(dim=-1).max()) + 1]

    torch.manual_seed(recipe.seed)
    device = torch.device(options.get("device", "cpu"))
    sizes = {**config, "text_cfg": {**config["text_cfg"], "vocab_size": len(kept)}}
    network = CLIP(**sizes).to(device)
    encoder = _ShortText(network)
    ids = ids.to(device)
    draws = torch.Generator().manual_seed(recipe.seed)

    def loss_of(batch: list[Tensor], step: int) -> Tensor:
        images, names, levels, _ = batch
        true = truth(names.cpu(), levels.cpu())
        drawn = torch.multinomial(true.float(), 1, generator=draws)[:, 0]
        pictures = network.encode_image(normalise(images, CLIP_MEAN, CLIP_STD), normalize=True)
        sentences = encoder(ids[drawn])
        scale = network.logit_scale.exp().clamp(max=LARGEST_SCALE)
        return true_pairs_loss(scale * pictures @ sentences.T, true[:, drawn].to(device))

    data = DegradedPictures(
        Pictures(recipe.scenes, recipe.seed),
        recipe.seed,
        recipe.steps * recipe.batch,
        restored=True,
    )
    minutes = fit(recipe, network, data, loss_of, run_dir, **options)
    state = {**compact(network.state_dict()), TOKEN_IDS: kept}
    path = run_dir / "clip-pocket.safetensors"
    facts = {"steps": recipe.steps, "seed": recipe.seed, "minutes": minutes}
    facts |= {"recipe": recipe.as_dict(), "recipe_hash": recipe.hash()}
    return write_weights(path, "clip", state, config, **facts), minutes


def compact(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Matrices and kernels in half precision; statistics, biases and scalars as they are."""
    return {
        key: value.half() if value.ndim > 1 and value.is_floating_point() else value
        for key, value in state.items()
    }


def true_pairs_loss(logits: Tensor, true: Tensor) -> Tensor:
    """CLIP's symmetric loss with several right answers, zero where it cannot fall further.

    Each picture's target is spread evenly over the sentences that are true of it, and each
    sentence's over the pictures it is true of; the loss is the divergence from these targets. With
    one true sentence a picture it is CLIP's cross entropy.

    Args:
        logits: (B, K), scaled similarities.
        true: (B, K), boolean, at least one True in each row and column.
    """
    target = true.float()
    by_picture = target / target.sum(dim=1, keepdim=True)
    by_sentence = target / target.sum(dim=0, keepdim=True)
    rows = F.kl_div(logits.log_softmax(dim=1), by_picture, reduction="sum") / len(true)
    columns = F.kl_div(logits.log_softmax(dim=0), by_sentence, reduction="sum") / true.shape[1]
    return (rows + columns) / 2


class _ShortText:
    """The text tower on sentences shorter than its context; same result, less work."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network

    def __call__(self, ids: Tensor) -> Tensor:
        net, length = self.network, ids.shape[1]
        x = net.token_embedding(ids) + net.positional_embedding[:length]
        x = net.ln_final(net.transformer(x, attn_mask=net.attn_mask[:length, :length]))
        x = x[torch.arange(len(x), device=x.device), ids.argmax(dim=-1)]
        return F.normalize(x @ net.text_projection, dim=-1)
