"""The languages the local server speaks, by their two- and three-letter codes."""

from __future__ import annotations

__all__ = ["VOICES", "voice_of"]

# Each line: espeak-ng's voice, then the codes of ISO 639-1, 639-2 and 639-3
# that Rime or a job file may use for it.
_LINES = """
af af afr
am am amh
an an arg
ar ar ara
as as asm
az az aze
ba ba bak
be be bel
bg bg bul
bn bn ben
bs bs bos
ca ca cat
cmn zh zho chi cmn
cs cs ces cze
cv cv chv
cy cy cym wel
da da dan
de de deu ger
el el ell gre
en-us en eng
eo eo epo
es es spa
et et est
eu eu eus baq
fa fa fas per
fi fi fin
fr fr fra fre
ga ga gle
gd gd gla
gn gn grn
gu gu guj
he he heb
hi hi hin
hr hr hrv
ht ht hat
hu hu hun
hy hy hye arm
ia ia ina
id id ind
io io ido
is is isl ice
it it ita
ja ja jpn
ka ka kat geo
kl kl kal
kn kn kan
ko ko kor
ku ku kur
ky ky kir
la la lat
lb lb ltz
lt lt lit
lv lv lav
mi mi mri mao
mk mk mkd mac
ml ml mal
mr mr mar
ms ms msa may
mt mt mlt
my my mya bur
nb nb nob no nor
ne ne nep
nl nl nld dut
om om orm
or or ori
pa pa pan
pl pl pol
pt-br pt por
ro ro ron rum
ru ru rus
sd sd snd
si si sin
sk sk slk slo
sl sl slv
sq sq sqi alb
sr sr srp
sv sv swe
sw sw swa
ta ta tam
te te tel
th th tha
tk tk tuk
tn tn tsn
tr tr tur
tt tt tat
ug ug uig
uk uk ukr
ur ur urd
uz uz uzb
vi vi vie
yue yue
"""

VOICES: dict[str, str] = {
    code: line.split()[0]
    for line in _LINES.strip().splitlines()
    for code in line.split()[1:]
}
"""Language code, lower case, to the name of espeak-ng's voice."""


def voice_of(lang: str) -> str | None:
    """Return espeak-ng's voice for a language code, or None if it speaks none."""
    return VOICES.get(lang.lower())
