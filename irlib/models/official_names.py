"""What the authors call their tensors, and what we call them."""

import re

from irlib.models import am_promptir_names, dfpir_names

# The authors' names on the left, ours on the right, applied in this order.
RESTORMER = (
    (r"^patch_embed\.proj\.", "patch_embed."),
    (r"\.(norm\d)\.body\.", r".\1."),
    (r"\.attn\.qkv_dwconv\.", ".attention.depthwise."),
    (r"\.attn(\.|$)", r".attention\1"),
    (r"\.ffn\.dwconv\.", ".feed_forward.depthwise."),
    (r"\.ffn(\.|$)", r".feed_forward\1"),
    (r"^((?:down|up)\d_\d)\.body\.0\.", r"\1.conv."),
    (r"^reduce_chan_level(\d)", r"reduce_level\1"),
    (r"^reduce_noise_level(\d)", r"interaction\1.reduce"),
    (r"^noise_level(\d)", r"interaction\1.block"),
    (r"\.prompt_param$", ".components"),
    (r"\.linear_layer\.", ".weight_head."),
    (r"\.conv3x3\.", ".conv."),
)

NAFNET = (
    (r"^middle_blks(\.|$)", r"middle\1"),
    (r"\.conv1(\.|$)", r".mixer.project_in\1"),
    (r"\.conv2(\.|$)", r".mixer.depthwise\1"),
    (r"\.sca\.1(\.|$)", r".mixer.attention.conv\1"),
    (r"\.se\.1(\.|$)", r".mixer.attention.squeeze\1"),
    (r"\.se\.3(\.|$)", r".mixer.attention.excite\1"),
    (r"\.conv3(\.|$)", r".mixer.project_out\1"),
    (r"\.conv4(\.|$)", r".feed_forward.project_in\1"),
    (r"\.conv5(\.|$)", r".feed_forward.project_out\1"),
)

PIVPNET = (
    (r"^inconv\.proj(\.|$)", r"intro\1"),
    (r"^outconv\.proj\.0(\.|$)", r"ending\1"),
    (r"^layers\.(\d+)\.blocks(\.|$)", r"stages.\1\2"),
    (r"^prompt_layers_\.(\d+)\.blocks(\.|$)", r"prompt_stages.\1\2"),
    (r"^(downs|ups)\.(\d+)\.proj(\.|$)", r"\1.\2\3"),
    (r"\.conv\.Wv\.0(\.|$)", r".value\1"),
    (r"\.conv\.Wv\.1(\.|$)", r".depthwise\1"),
    (r"\.conv\.Wg\.0(\.|$)", r".gate\1"),
    (r"\.conv\.proj(\.|$)", r".project_out\1"),
    (r"\.mlp\.1(\.|$)", r".squeeze\1"),
    (r"\.mlp\.3(\.|$)", r".excite\1"),
    (r"^prompt_gene(\.|$)", r"prompts\1"),
    (r"\.linear_layer(\.|$)", r".weight_head\1"),
    (r"\.conv1x1(\.|$)", r".project\1"),
    (r"^cat_x(\.|$)", r"prior_stems\1"),
    (r"^fusion_conv(\.|$)", r"merges\1"),
    (r"^FeedForward(\.|$)", r"details\1"),
    (r"\.dwconv(\.|$)", r".near\1"),
    (r"\.dwconv2(\.|$)", r".wide\1"),
    (r"\.dwconv3(\.|$)", r".strengths\1"),
    (r"\.dwconv4(\.|$)", r".smooth\1"),
)

RENAMES = {"restormer": RESTORMER, "promptir": RESTORMER, "nafnet": NAFNET, "pivpnet": PIVPNET}

RENAMES["am-promptir"] = am_promptir_names.AM_PROMPTIR
RENAMES["dfpir"] = (*RESTORMER, *dfpir_names.BLOCKS)

# Layers that the authors' code builds and never calls; PromptIR's are six.
NEVER_CALLED = {
    "promptir": re.compile(r"(chnl_reduce[123]|reduce_noise_channel_[123])\.weight$"),
    "am-promptir": am_promptir_names.NEVER_CALLED,
}

INSTRUCTIR = (
    *NAFNET,
    (r"^enc_cond(\.|$)", r"encoder_conditions\1"),
    (r"^dec_cond(\.|$)", r"decoder_conditions\1"),
    (r"^((?:en|de)coder_conditions\.\d+)\.fc(\.|$)", r"\1.open\2"),
    (r"^((?:en|de)coder_conditions\.\d+)\.gamma$", r"\1.scale"),
    (r"^((?:en|de)coder_conditions\.\d+)\.beta$", r"\1.shift"),
    (r"^fc1(\.|$)", r"head.project\1"),  # the text head, a file of its own
    (r"^fc2(\.|$)", r"head.classify\1"),
)
RENAMES["instructir"] = INSTRUCTIR

# The other way, where a formula needs the authors' name of one of our tensors.
TO_OFFICIAL = {
    "nafnet": (
        (r"^middle\.", "middle_blks."),
        (r"\.mixer\.project_in\.", ".conv1."),
        (r"\.mixer\.depthwise\.", ".conv2."),
        (r"\.mixer\.attention\.conv\.", ".sca.1."),
        (r"\.mixer\.attention\.squeeze\.", ".se.1."),
        (r"\.mixer\.attention\.excite\.", ".se.3."),
        (r"\.mixer\.project_out\.", ".conv3."),
        (r"\.feed_forward\.project_in\.", ".conv4."),
        (r"\.feed_forward\.project_out\.", ".conv5."),
    )
}


TO_OFFICIAL["instructir"] = (
    *TO_OFFICIAL["nafnet"],
    (r"^((?:en|de)coder_conditions\.\d+)\.open\.", r"\1.fc."),
    (r"^((?:en|de)coder_conditions\.\d+)\.scale$", r"\1.gamma"),
    (r"^((?:en|de)coder_conditions\.\d+)\.shift$", r"\1.beta"),
    (r"^encoder_conditions\.", "enc_cond."),
    (r"^decoder_conditions\.", "dec_cond."),
    (r"^head\.project\.", "fc1."),
    (r"^head\.classify\.", "fc2."),
)
TO_OFFICIAL["dfpir"] = dfpir_names.TO_OFFICIAL


def our_name(system: str, official: str) -> str:
    """Returns our name of a tensor or layer that a system's authors call ``official``."""
    return _renamed(official, RENAMES.get(system, ()))


def is_called(system: str, official: str) -> bool:
    """Tells whether any output of a system depends on the tensor of this name."""
    return system not in NEVER_CALLED or not NEVER_CALLED[system].match(official)


def official_name(system: str, ours: str) -> str:
    """Returns the authors' name of a tensor that we call ``ours``."""
    return _renamed(ours, TO_OFFICIAL[system])


def _renamed(name: str, rules: tuple[tuple[str, str], ...]) -> str:
    for pattern, replacement in rules:
        name = re.sub(pattern, replacement, name)
    return name
