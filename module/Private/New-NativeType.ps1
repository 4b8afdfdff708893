function New-NativeType {
    <#
    .SYNOPSIS
    Emits a class: the exports that it uses as static methods, Take, which carries text out of the library, and for an output class its
    properties and Derive, which does all that a derivation costs per object. $Call and $How: see Get-NativeType.
    .DESCRIPTION
    Derive(fields...) gives an instance, or, when there is something to say, the text `status U+001F answer`, for Show-NativeTrouble.
    From(answer) makes an instance. The answer is kept as it came: a property finds its field when it is read.

    A method is a row: name, attributes, result, parameters, locals, labels, body. A line of a body is an opcode and its operand, a name in $known; `: name`
    sets a label.
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Makes a type in memory.')]
    param($Name, $Path, $Call, $How)

    $static = [System.Reflection.MethodAttributes]'Public, Static'
    $instance = [System.Reflection.MethodAttributes]::Public
    $assembly = $Call.Invoke([System.Reflection.Emit.AssemblyBuilder], ('DefineDynamicAssembly', $How, $null, $null,
            ([System.Reflection.AssemblyName]$Name, [System.Reflection.Emit.AssemblyBuilderAccess]::Run)))
    $module = $Call.Invoke([System.Reflection.Emit.AssemblyBuilder], ('DefineDynamicModule', $How, $null, $assembly, @($Name)))
    $type = $Call.Invoke([System.Reflection.Emit.ModuleBuilder], ('DefineType', $How, $null, $module, ($Name, [System.Reflection.TypeAttributes]::Public)))
    $known = @{
        separator    = $Call.Invoke([char], ('ConvertFromUtf32', $How, $null, $null, @(0x1F)))
        nothing      = ''
        int          = [int]
        string       = [string]
        bytes        = [byte[]]
        PSObject     = [psobject]
        IFormattable = [IFormattable]
        IList        = [System.Collections.IList]
        ICollection  = [System.Collections.ICollection]
        constructor  = $Call.Invoke([System.Reflection.Emit.TypeBuilder], ('DefineDefaultConstructor', $How, $null, $type, @($instance)))
        answer       = $Call.Invoke([System.Reflection.Emit.TypeBuilder], ('DefineField', $How, $null, $type, ('answer', [string], [System.Reflection.FieldAttributes]::Private)))
    }
    foreach ($row in (
            ('toString', [object], 'ToString', [type[]]@()),
            ('baseObject', [psobject], 'get_BaseObject', [type[]]@()),
            ('hex', [BitConverter], 'ToString', [type[]]@([byte[]])),
            ('count', [System.Collections.ICollection], 'get_Count', [type[]]@()),
            ('item', [System.Collections.IList], 'get_Item', [type[]]@([int])),
            ('concat', [string], 'Concat', [type[]]([string], [string], [string])),
            ('concatObjects', [string], 'Concat', [type[]]([object], [object], [object])),
            ('endsWith', [string], 'EndsWith', [type[]]([string], [StringComparison])),
            ('toCharArray', [string], 'ToCharArray', [type[]]@()),
            ('split', [string], 'Split', [type[]]@([char[]])),
            ('utf8', [System.Text.Encoding], 'get_UTF8', [type[]]@()),
            ('getBytes', [System.Text.Encoding], 'GetBytes', [type[]]@([string])),
            ('getString', [System.Text.Encoding], 'GetString', [type[]]($Call.Invoke([type], ('MakePointerType', $How, $null, [byte], $null)), [int]))
        )) {
        $alias, $owner, $member, $parameters = $row
        $known[$alias] = $Call.Invoke([type], ('GetMethod', $How, $null, $owner, ($member, $parameters)))
    }

    $pointerOut = $Call.Invoke([type], ('MakeByRefType', $How, $null, [IntPtr], $null))
    $sizeOut = $Call.Invoke([type], ('MakeByRefType', $How, $null, [UIntPtr], $null))
    $exports, $properties, $inputs, $join = Get-NativeClass $Name $pointerOut $sizeOut
    foreach ($row in $exports) {
        $alias, $owner, $member, $parameters = $row
        $known[$alias] = $Call.Invoke([System.Reflection.Emit.TypeBuilder], ('DefinePInvokeMethod', $How, $null, $type, ($member, $Path, $static,
                    [System.Reflection.CallingConventions]::Standard, $owner, $parameters, [System.Runtime.InteropServices.CallingConvention]::Cdecl,
                    [System.Runtime.InteropServices.CharSet]::Ansi)))
        # Without PreserveSig the runtime takes a status for an HRESULT.
        $null = $Call.Invoke([System.Reflection.Emit.MethodBuilder], ('SetImplementationFlags', $How, $null, $known[$alias], @([System.Reflection.MethodImplAttributes]::PreserveSig)))
    }

    $methods = @(
        # The text of an answer, which is freed.
        , ('Take', $static, [string], [type[]]([IntPtr], [UIntPtr]), @(), @('some'), 'Ldarg_0
            Brtrue some
            Ldstr nothing
            Ret
            : some
            Call utf8
            Ldarg_0
            Ldarg_1
            Conv_I4
            Callvirt getString
            Ldarg_0
            Ldarg_1
            Call free
            Ret')
        if ($properties) {
            # Text is itself, bytes are hex digits (33-22-...), a GUID or a number its text; nothing and any other object are empty.
            , ('Scalar', $static, [string], [type[]]@([object]), @(), ('hexed', 'unwrapped', 'formatted', 'end'), 'Ldarg_0
            Isinst string
            Dup
            Brtrue end
            Pop
            Ldarg_0
            Isinst bytes
            Dup
            Brtrue hexed
            Pop
            Ldarg_0
            Isinst PSObject
            Dup
            Brtrue unwrapped
            Pop
            Ldarg_0
            Isinst IFormattable
            Dup
            Brtrue formatted
            Pop
            Ldstr nothing
            : end
            Ret
            : hexed
            Call hex
            Ret
            : unwrapped
            Callvirt baseObject
            Call Scalar
            Ret
            : formatted
            Callvirt toString
            Ret')
            # A list of one, as AD attributes come, is its element.
            , ('Text', $static, [string], [type[]]@([object]), @(), @('one'), 'Ldarg_0
            Isinst bytes
            Brtrue one
            Ldarg_0
            Isinst IList
            Brfalse one
            Ldarg_0
            Castclass ICollection
            Callvirt count
            Ldc_I4_1
            Bne_Un one
            Ldarg_0
            Castclass IList
            Ldc_I4_0
            Callvirt item
            Call Scalar
            Ret
            : one
            Ldarg_0
            Call Scalar
            Ret')
            , ('Field', $static, [string], [type[]]([string], [int]), @(), @(), 'Ldarg_0
            Ldstr separator
            Callvirt toCharArray
            Callvirt split
            Ldarg_1
            Ldelem_Ref
            Ret')
            foreach ($property in $properties) {
                $member, $index = $property
                , ("get_$member", $instance, [string], [type[]]@(), @(), @(), "Ldarg_0
                Ldfld answer
                Ldc_I4_$index
                Call Field
                Ret")
            }
            , ('From', $static, [object], [type[]]@([string]), @(), @(), 'Newobj constructor
            Dup
            Ldarg_0
            Stfld answer
            Ret')
            # An answer ends with its Notes: nothing after the last separator is nothing to say.
            , ('Derive', $static, [object], $inputs, (('request', [byte[]]), ('pointer', [IntPtr]), ('length', [UIntPtr]), ('status', [int]), ('result', [string])), @('trouble'), "Call utf8
            Ldarg_0
            Call Text$join
            Callvirt getBytes
            Stloc request
            Ldloc request
            Ldloc request
            Ldlen
            Conv_U
            Ldloca pointer
            Ldloca length
            Call derivation
            Stloc status
            Ldloc pointer
            Ldloc length
            Call Take
            Stloc result
            Ldloc status
            Brtrue trouble
            Ldloc result
            Ldstr separator
            Ldc_I4_4
            Callvirt endsWith
            Brfalse trouble
            Ldloc result
            Call From
            Ret
            : trouble
            Ldloc status
            Box int
            Ldstr separator
            Ldloc result
            Call concatObjects
            Ret")
        }
    )

    $field = [System.Reflection.BindingFlags]'Public, Static, GetField'
    foreach ($row in $methods) {
        $alias, $attributes, $owner, $parameters, $locals, $labels, $body = $row
        $known[$alias] = $Call.Invoke([System.Reflection.Emit.TypeBuilder], ('DefineMethod', $How, $null, $type, ($alias, $attributes, $owner, $parameters)))
        $il = $Call.Invoke([System.Reflection.Emit.MethodBuilder], ('GetILGenerator', $How, $null, $known[$alias], $null))
        foreach ($label in $labels) { $known[$label] = $Call.Invoke([System.Reflection.Emit.ILGenerator], ('DefineLabel', $How, $null, $il, $null)) }
        foreach ($pair in $locals) {
            $alias, $owner = $pair
            $known[$alias] = $Call.Invoke([System.Reflection.Emit.ILGenerator], ('DeclareLocal', $How, $null, $il, @($owner)))
        }
        foreach ($line in $body.Split("`n")) {
            $code, $operand = $line.Trim().Split(' ')
            if ($code -eq ':') { $null = $Call.Invoke([System.Reflection.Emit.ILGenerator], ('MarkLabel', $How, $null, $il, @($known[$operand]))) }
            else {
                $code = $Call.Invoke([System.Reflection.Emit.OpCodes], ($code, $field, $null, $null, $null))
                if ($operand) { $null = $Call.Invoke([System.Reflection.Emit.ILGenerator], ('Emit', $How, $null, $il, ($code, $known[$operand]))) }
                else { $null = $Call.Invoke([System.Reflection.Emit.ILGenerator], ('Emit', $How, $null, $il, @($code))) }
            }
        }
    }
    foreach ($property in $properties) {
        $member, $index = $property
        $builder = $Call.Invoke([System.Reflection.Emit.TypeBuilder], ('DefineProperty', $How, $null, $type, ($member, [System.Reflection.PropertyAttributes]::None, [string], [type[]]@())))
        $null = $Call.Invoke([System.Reflection.Emit.PropertyBuilder], ('SetGetMethod', $How, $null, $builder, @($known["get_$member"])))
    }
    $Call.Invoke([System.Reflection.Emit.TypeBuilder], ('CreateType', $How, $null, $type, $null))
}
